import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { v2 } from 'cloudinary';

import { CLOUDINARY } from '../../test/support/emulator/cloudinary.js';
import { type Emulator, startEmulator } from '../../test/support/emulator/emulator.js';

import { CloudinaryStore } from './cloudinary.store.js';
import { type CloudUpload } from './media-cloud.port.js';

const BYTES = Buffer.from(Array.from({ length: 2500 }, (_, at) => at % 251));
const PATH = 'cuota/2026/11/21/videos/film.mp4';

describe('CloudinaryStore', () => {
  let folder: string;
  let emulator: Emulator;
  let store: CloudinaryStore;
  let upload: CloudUpload;

  beforeAll(async () => {
    emulator = await startEmulator();
    folder = mkdtempSync(join(tmpdir(), 'cuota-cloudinary-'));
    const localPath = join(folder, 'film.mp4');
    writeFileSync(localPath, BYTES);
    const file = { kind: 'video', path: PATH, bytes: BYTES.length } as const;
    upload = { ...file, localPath, tags: ['a'], context: { prompt: 'a secret wish' } };
  });

  beforeEach(() => {
    emulator.reset();
    store = storeWith(10_000);
  });

  /** One that waits so long for an answer. */
  function storeWith(silenceMs: number): CloudinaryStore {
    return new CloudinaryStore(v2, { ...CLOUDINARY, baseUrl: emulator.url }, { silenceMs, pieceBytes: 1000 });
  }

  afterAll(async () => {
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('sends a long file in pieces, which are one asset', async () => {
    await store.upload(upload);
    expect(emulator.cloudinary.uploads).toBe(3);
    expect(emulator.cloudinary.assets).toHaveLength(1);
    expect(emulator.cloudinary.assets[0]?.file).toEqual(BYTES);
  });

  it('gives back a part of it', async () => {
    await store.upload(upload);
    const opened = await store.open(upload, { start: 1200, end: 1299 });
    if (!opened) throw new Error('not opened');
    expect(await buffer(opened.stream)).toEqual(BYTES.subarray(1200, 1300));
    expect(opened).toMatchObject({ bytes: BYTES.length, part: { start: 1200, end: 1299 } });
  });

  it.each([
    ['a first piece that fails', [{ status: 503 }], 'answered 503'],
    ['a later piece that fails', [{}, { status: 500 }], 'answered 500'],
    ['a later piece that is cut off', [{}, { cutAfterChunks: 0 }], 'the connection failed (ECONNRESET)'],
  ])('%s ends the upload, and nothing else', async (_what, behaviours, message) => {
    emulator.next(...behaviours);
    await expect(store.upload(upload)).rejects.toMatchObject({ kind: 'away', message });
    expect(emulator.cloudinary.assets).toEqual([]);
  });

  it.each([
    ['silence', [{ hang: true }]],
    ['silence behind a piece', [{}, { hang: true }]],
  ])('%s ends the upload in good time', async (_what, behaviours) => {
    emulator.next(...behaviours);
    const silent = { kind: 'away', message: 'did not answer in time' };
    await expect(storeWith(500).upload(upload)).rejects.toMatchObject(silent);
    expect(emulator.cloudinary.assets).toEqual([]);
  });

  it('tells a file that is not there from a store that is not there', async () => {
    const gone = store.upload({ ...upload, localPath: join(folder, 'gone.mp4') });
    await expect(gone).rejects.toThrow('the connection failed (ENOENT)');
    await emulator.stop();
    await expect(store.upload(upload)).rejects.toThrow('the connection failed (ECONNREFUSED)');
    await expect(store.usage()).rejects.toThrow('the connection failed (ECONNREFUSED)');
    emulator = await startEmulator();
  });

  it('bounds the question for what is used', async () => {
    emulator.next({ hang: true });
    await expect(storeWith(500).usage()).rejects.toMatchObject({
      kind: 'away',
      message: 'did not answer in time',
    });
    emulator.next({ rubbish: '{"plan":"Free"}' });
    await expect(store.usage()).rejects.toMatchObject({ kind: 'away' });
  });

  it('breaks off when it is closed', async () => {
    emulator.next({ hang: true });
    const uploading = store.upload(upload);
    await emulator.until(({ requests }) => requests.length === 1);
    store.close();
    await expect(uploading).rejects.toMatchObject({ kind: 'away' });
  });

  it('G12: a failure holds no secret and no prompt', async () => {
    const wrong = { ...CLOUDINARY, apiSecret: 'does not fit', baseUrl: emulator.url };
    const failure = await new CloudinaryStore(v2, wrong).upload(upload).catch((error: unknown) => error);
    expect(failure).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/^answered 401: Invalid Signature/) as unknown,
    });
    const usage = await new CloudinaryStore(v2, wrong).usage().catch((error: unknown) => error);
    expect(usage).toMatchObject({ message: 'answered 401: Invalid credentials' });
    for (const secret of ['does not fit', 'a secret wish', CLOUDINARY.apiKey])
      expect(JSON.stringify([failure, String(failure), usage])).not.toContain(secret);
  });
});
