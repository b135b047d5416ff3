#!/usr/bin/env python3
"""The stock Python client against a server: openai_client.py BASE_URL KEY MODEL IMAGE     prints what it got, as JSON."""
import json, sys
import openai

url, key, model, image = sys.argv[1:]
client = openai.OpenAI(base_url=url, api_key=key, max_retries=0)
got = {"version": openai.VERSION}
got["floats"] = client.embeddings.create(model=model, input=image, encoding_format="float").data[0].embedding
got["default"] = client.embeddings.create(model=model, input=[image, image]).data[1].embedding
got["listed"] = [each.id for each in client.models.list()]
got["retrieved"] = client.models.retrieve(model).id


def refused(**request):
    try:
        client.embeddings.create(**request)
    except openai.APIStatusError as error:
        return [type(error).__name__, error.status_code, error.code]


got["errors"] = [
    refused(model="nobody", input=image),
    refused(model=model, input="a text"),
    refused(model=model, input="https://example.org/1.png"),
]
print(json.dumps(got))
