pip install {{ site }}/client/vernier-client.zip
export VERNIER_URL={{ site }} VERNIER_BENCHMARK={{ benchmark.slug }}
vernier submit answers.{% if benchmark.asks_for_boxes %}jsonl --frame short-edge-448{% else %}csv{% endif %} --entry "my model" --fail-if significantly-worse-than=previous
