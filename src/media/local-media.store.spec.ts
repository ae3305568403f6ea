import {
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { LocalMediaStore } from './local-media.store.js';

const PATH = 'cuota/2026/11/21/images/picture.png';
const BYTES = Buffer.from('the bytes of a picture');
const FILE = { path: PATH, mime: 'image/png', bytes: BYTES };

describe('LocalMediaStore', () => {
  let root: string;
  let store: LocalMediaStore;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'cuota-media-'));
    store = new LocalMediaStore(root);
  });

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('gives back what it keeps, with its length', async () => {
    await store.put(FILE);
    const opened = await store.open(PATH);
    if (!opened) throw new Error('not opened');
    expect(opened.bytes).toBe(BYTES.length);
    expect(await buffer(opened.stream)).toEqual(BYTES);
  });

  it('keeps files for its own user only, and leaves no draft', async () => {
    await store.put(FILE);
    expect(statSync(join(root, PATH)).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(root, '.drafts'))).toEqual([]);
  });

  it('leaves a file that is there as it is', async () => {
    await store.put(FILE);
    const before = statSync(join(root, PATH)).ino;
    await store.put(FILE);
    expect(statSync(join(root, PATH)).ino).toBe(before);
  });

  it('makes a file whole again that was cut short', async () => {
    await store.put(FILE);
    truncateSync(join(root, PATH), 3);
    await store.put(FILE);
    expect(readFileSync(join(root, PATH))).toEqual(BYTES);
  });

  it('takes the same file from many at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => store.put(FILE)));
    expect(readFileSync(join(root, PATH))).toEqual(BYTES);
    expect(readdirSync(join(root, '.drafts'))).toEqual([]);
  });

  it('opens nothing where a file is gone', async () => {
    await expect(store.open(PATH)).resolves.toBeUndefined();
  });

  it('names the fault where it cannot write, and no path', async () => {
    writeFileSync(join(root, 'cuota'), 'a file where a folder has to be');
    await expect(store.put(FILE)).rejects.toMatchObject({
      code: 'internal_error',
      message: expect.stringMatching(/DATA_DIR \((EEXIST|ENOTDIR)\)/) as unknown,
    });
  });

  it.each(['../secret', 'a/../../secret', '/nowhere/secret', '', '.', 'a\0b'])(
    'G12: opens and writes nothing outside of its folder: %j',
    async (path) => {
      await expect(store.open(path)).rejects.toThrow('leads out of the media folder');
      await expect(store.put({ ...FILE, path })).rejects.toThrow('leads out of the media folder');
    },
  );
});
