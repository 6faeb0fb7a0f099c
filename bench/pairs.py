"""HEAD and put_object_retention by boto3 in 32 threads: what a script does. Reads turns of JSON, answers seconds."""

import concurrent.futures
import datetime
import json
import sys
import time

import boto3
import botocore.config

endpoint, access, secret, threads = sys.argv[1:5]
client = boto3.client(
    "s3",
    endpoint_url=endpoint,
    region_name="us-east-1",
    aws_access_key_id=access,
    aws_secret_access_key=secret,
    config=botocore.config.Config(max_pool_connections=int(threads), s3={"addressing_style": "path"}),
)
pool = concurrent.futures.ThreadPoolExecutor(int(threads))


def lock(ref):
    bucket, key, version = ref
    head = client.head_object(Bucket=bucket, Key=key, VersionId=version)
    client.put_object_retention(
        Bucket=bucket,
        Key=key,
        VersionId=version,
        Retention={
            "Mode": "GOVERNANCE",
            "RetainUntilDate": head["LastModified"] + datetime.timedelta(days=366),
        },
    )


print("ready", flush=True)
for line in sys.stdin:
    refs = json.loads(line)
    start = time.perf_counter()
    list(pool.map(lock, refs))
    print(time.perf_counter() - start, flush=True)
