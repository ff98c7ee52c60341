"""Ask a model a benchmark's questions and write an answer file for Vernier; docs/runner.md says how. Needs httpx."""

import argparse
import base64
import json
import mimetypes
import os
from pathlib import Path
from typing import Any

import httpx

parser = argparse.ArgumentParser()
parser.add_argument("prompts", help="where they are: …/api/v1/benchmarks/mmad/prompts/?shots=1")
parser.add_argument("images", type=Path, help="the folder of the benchmark's images")
parser.add_argument("answers", type=Path, help="the file to write; what it has already is not asked again")
parser.add_argument("--endpoint", default="http://127.0.0.1:8080/v1", help="speaks OpenAI's chat completions")
parser.add_argument("--model", required=True)
parser.add_argument("--tokens", type=int, default=128, help="of a reply at most; one with boxes needs 2000")
args = parser.parse_args()
endpoint = httpx.Client(headers={"Authorization": f"Bearer {os.environ.get('API_KEY', '-')}"}, timeout=600)


def sent(part: dict[str, str]) -> dict[str, Any]:
    if part["type"] == "text":
        return part
    kind = mimetypes.guess_type(part["image"])[0]
    data = base64.b64encode((args.images / part["image"]).read_bytes()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:{kind};base64,{data}"}}


asked = args.answers.with_suffix(".prompts")  # fetched first: a model takes longer than a site waits
with httpx.stream("GET", args.prompts, timeout=60) as site, asked.open("wb") as file:
    site.raise_for_status()
    file.writelines(site.iter_bytes())
args.answers.touch()
done = {json.loads(line)["question_id"] for line in args.answers.open()}
with args.answers.open("a") as answers, asked.open("rb") as lines:
    for line in map(json.loads, lines):
        if line["question_id"] not in done:
            message = {"role": "user", "content": [sent(part) for part in line["prompt"]]}
            body = {"model": args.model, "messages": [message], "max_tokens": args.tokens, "temperature": 0}
            said = endpoint.post(f"{args.endpoint}/chat/completions", json=body).raise_for_status().json()
            reply = said["choices"][0]["message"]["content"]
            record = {"answer": reply} if line["options"] else {"image": line["image"], "reply": reply}
            print(json.dumps({"question_id": line["question_id"]} | record), file=answers, flush=True)
