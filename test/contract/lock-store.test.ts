import { s3Client } from '../../lib/aws/s3-client.ts';
import { S3LockStore } from '../../lib/aws/s3-lock-store.ts';
import { providerNamed } from '../../lib/providers/index.ts';
import { startEmbedded } from '../helpers/embedded.ts';
import { describeLockStore } from './lock-store.contract.ts';

describeLockStore('the embedded S3', async () => {
  const embedded = await startEmbedded();
  const client = embedded.clientFor();
  return {
    store: new S3LockStore({ client, provider: providerNamed('aws') }),
    client,
    markerLooks: 'marker',
    close: async () => embedded.close(),
  };
});

// A real server that nobody here wrote; test/servers/rgw-up.sh starts it, and CI always does.
const rgw = process.env.HOLDFAST_TEST_RGW;
if (rgw !== undefined) {
  describeLockStore('Ceph RGW', async () => {
    const credentials = { accessKeyId: 'testaccess', secretAccessKey: 'testsecret' };
    const client = s3Client({ endpoint: rgw, credentials });
    return {
      store: new S3LockStore({ client, provider: providerNamed('ceph-rgw') }),
      client,
      markerLooks: 'gone',
      close: async () => {
        client.destroy();
      },
    };
  });
}
