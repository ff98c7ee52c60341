"""What tests know of an S3 service, and moto as one of them."""

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import boto3

from submissions.storage import S3Account
from tests.servers.process import Process, free_port, listens, start

REGION = "us-east-1"
POLICIES = Path(__file__).resolve().parents[2] / "deploy" / "s3"


@dataclass(frozen=True)
class Buckets:
    """A fresh pair of buckets; the worker owns both and shares the first with the web role."""

    answers: str
    truth: str


@dataclass(frozen=True)
class S3:
    """A running S3 service with the credentials of each role, and of the operator who grants them theirs."""

    processes: tuple[Process, ...]
    endpoint: str
    web: S3Account
    worker: S3Account
    principals: tuple[str, str]  # how a bucket's policy names the web role and the worker
    refuses: bool  # whether wrong secrets and missing grants are refused, as in earnest
    organizer: S3Account
    operator: S3Account  # owns nothing of the site's but the rights to its buckets and users

    def account(self, role: str) -> S3Account:
        """The credentials of a role: web, worker or organizer."""
        return {"web": self.web, "worker": self.worker, "organizer": self.organizer}[role]

    def new_buckets_by_policy(self) -> Buckets:
        """Make two private buckets of the operator's, and let each role do what deploy/s3/ says of it and no more."""
        mark = secrets.token_hex(4)
        buckets = Buckets(answers=f"answers-{mark}", truth=f"truth-{mark}")
        for name in (buckets.answers, buckets.truth):
            self.operator.client.create_bucket(Bucket=name)
        iam = boto3.client(
            "iam",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=self.operator.access_key,
            aws_secret_access_key=self.operator.secret_key,
        )
        for role in ("web", "worker", "organizer"):
            policy = (POLICIES / f"{role}.json").read_text()
            for shipped, fresh in (("vernier-answers", buckets.answers), ("vernier-truth", buckets.truth)):
                policy = policy.replace(shipped, fresh)
            if not self.refuses:  # moto knows nobody until told
                with suppress(iam.exceptions.EntityAlreadyExistsException):
                    iam.create_user(UserName=role)
            iam.put_user_policy(UserName=role, PolicyName=mark, PolicyDocument=policy)
        return buckets

    def new_buckets(self) -> Buckets:
        """Make two private buckets and let both roles read and write the one for answers."""
        mark = secrets.token_hex(4)
        buckets = Buckets(answers=f"answers-{mark}", truth=f"truth-{mark}")
        client = self.worker.client
        for name in (buckets.answers, buckets.truth):
            client.create_bucket(Bucket=name)
        client.put_bucket_policy(Bucket=buckets.answers, Policy=json.dumps(self._grant(buckets.answers)))
        return buckets

    def _grant(self, bucket: str) -> dict[str, object]:
        resource = f"arn:aws:s3:::{bucket}"
        # The bucket's owner is named too: an object belongs to whoever put it there.
        who = {"Effect": "Allow", "Principal": {"AWS": list(self.principals)}}
        objects = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        return {
            "Version": "2012-10-17",
            "Statement": [
                {**who, "Action": objects, "Resource": [f"{resource}/*"]},
                {**who, "Action": ["s3:ListBucket"], "Resource": [resource]},
            ],
        }


@contextmanager
def moto(folder: Path) -> Iterator[S3]:
    """Run moto's server, which speaks S3 but lets everybody in."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = start("moto", command, folder=folder)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        process.wait_until(lambda: listens(port))
        yield S3(
            processes=(process,),
            endpoint=endpoint,
            web=S3Account(endpoint, REGION, "web", "web-secret"),
            worker=S3Account(endpoint, REGION, "worker", "worker-secret"),
            principals=("arn:aws:iam::123456789012:user/web", "arn:aws:iam::123456789012:user/worker"),
            refuses=False,
            organizer=S3Account(endpoint, REGION, "organizer", "organizer-secret"),
            operator=S3Account(endpoint, REGION, "operator", "operator-secret"),
        )
    finally:
        process.stop()
