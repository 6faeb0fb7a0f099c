import { bucketOf, type Answer, type Call } from '../call.ts';
import { malformedXml } from '../errors.ts';
import { raiseTagging } from '../events.ts';
import { requireProof } from '../integrity.ts';
import { lockable, versionHeader } from '../lookup.ts';
import { tagsOfDocument } from '../tags.ts';
import { branch, leaf, xmlDocument } from '../xml.ts';

/** GetObjectTagging. */
export function getObjectTagging(call: Call): Answer {
  const bucket = bucketOf(call);
  const version = lockable(call, bucket);
  const tags = version.tags.map((tag) => branch('Tag', leaf('Key', tag.key), leaf('Value', tag.value)));
  return {
    status: 200,
    headers: { 'x-amz-version-id': versionHeader(bucket, version) },
    body: xmlDocument('Tagging', branch('TagSet', ...tags)),
  };
}

/** PutObjectTagging: replaces all tags; a lock does not stand in its way. */
export function putObjectTagging(call: Call): Answer {
  const bucket = bucketOf(call);
  if (call.body.length === 0) throw malformedXml();
  const tags = tagsOfDocument(call.body);
  requireProof(call.integrity);
  const version = lockable(call, bucket);
  const tagged = call.service.lies.has('tags')
    ? (bucket.history(version.key)?.newestFirst() ?? [])
    : [version];
  for (const each of tagged) if (each.kind === 'object') each.tags = tags;
  raiseTagging(call, bucket, 'ObjectTagging:Put', version);
  return { status: 200, headers: { 'x-amz-version-id': versionHeader(bucket, version) } };
}

/** DeleteObjectTagging. */
export function deleteObjectTagging(call: Call): Answer {
  const bucket = bucketOf(call);
  const version = lockable(call, bucket);
  version.tags = [];
  raiseTagging(call, bucket, 'ObjectTagging:Delete', version);
  return { status: 204, headers: { 'x-amz-version-id': versionHeader(bucket, version) } };
}
