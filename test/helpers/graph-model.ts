import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

tf.enableProdMode();

/**
 * Loads a tfjs model as a browser does: with plain @tensorflow/tfjs from a URL, and none of our code. Call inside
 * nothing else; the model keeps no connection.
 */
export async function loadOverHttp(folder: string): Promise<tf.GraphModel> {
  await tf.setBackend('cpu');
  const server = createServer((request, response) => {
    const name = (request.url ?? '').slice(1);
    readFile(join(folder, name)).then(
      (content) => response.end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  try {
    return await tf.loadGraphModel(`http://127.0.0.1:${port}/model.json`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

export { tf };
