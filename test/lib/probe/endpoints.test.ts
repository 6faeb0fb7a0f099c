import { describe, expect, it } from '@jest/globals';
import { isLoopback, requireObjectLock } from '../../../lib/probe/endpoints.ts';

describe('stores that offer no Object Lock', () => {
  it.each([
    ['https://s3express-use1-az4.us-east-1.amazonaws.com', 'a directory bucket'],
    ['https://logs--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com', 'a directory bucket'],
    ['https://op-123.s3-outposts.us-east-1.amazonaws.com', 'S3 on Outposts'],
    ['https://s3-outposts.eu-west-1.amazonaws.com', 'S3 on Outposts'],
    ['https://0123.r2.cloudflarestorage.com', 'Cloudflare R2'],
    ['https://0123.eu.r2.cloudflarestorage.com', 'Cloudflare R2'],
    ['https://storage.example.com/swift/v1', 'OpenStack Swift'],
    ['https://storage.example.com/v1/AUTH_7', 'OpenStack Swift'],
  ])('%s is refused by name', (endpoint, name) => {
    expect(() => {
      requireObjectLock(endpoint);
    }).toThrow(name);
  });

  it.each([
    undefined,
    'https://s3.eu-west-1.amazonaws.com',
    'https://s3.gra.io.cloud.ovh.net',
    'http://127.0.0.1:7480',
  ])('%s is not', (endpoint) => {
    expect(() => {
      requireObjectLock(endpoint);
    }).not.toThrow();
  });

  it.each([
    ['http://127.0.0.1:9000', true],
    ['http://127.9.9.9', true],
    ['http://localhost:1', true],
    ['http://[::1]:9000', true],
    ['http://127.0.0.1.example.com', false],
    ['https://s3.example.com', false],
    [undefined, false],
  ])('knows whether %s is this machine', (endpoint, expected) => {
    expect(isLoopback(endpoint)).toBe(expected);
  });
});
