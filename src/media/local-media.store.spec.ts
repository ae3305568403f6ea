import { createHash } from 'node:crypto';
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
import { type MediaBytes } from './media-draft.js';

const PATH = 'cuota/2026/11/21/images/picture.png';
const BYTES = Buffer.from('the bytes of a picture');
const LIMIT = { maxBytes: 100, tooLarge: () => new Error('too large') };

describe('LocalMediaStore', () => {
  let root: string;
  let store: LocalMediaStore;

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'cuota-media-'));
    store = new LocalMediaStore(root);
  });

  const keep = async (bytes: MediaBytes = BYTES, path = PATH) => {
    const draft = await store.draft(bytes, LIMIT);
    try {
      await store.put(path, draft);
      return draft;
    } finally {
      await draft.discard();
    }
  };

  afterEach(() => {
    rmSync(root, { recursive: true, force: true });
  });

  it('gives back what it keeps, with its length', async () => {
    await keep();
    const opened = await store.open(PATH);
    if (!opened) throw new Error('not opened');
    expect(opened.bytes).toBe(BYTES.length);
    expect(await buffer(opened.stream)).toEqual(BYTES);
  });

  it('keeps files for its own user only, and leaves no draft', async () => {
    await keep();
    expect(statSync(join(root, PATH)).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(root, '.drafts'))).toEqual([]);
  });

  it('takes bytes as they come, and knows their hash', async () => {
    const draft = await keep(inPieces('the bytes ', 'of a ', 'picture'));
    expect(readFileSync(join(root, PATH))).toEqual(BYTES);
    const sha256 = createHash('sha256').update(BYTES).digest('hex');
    expect(draft).toMatchObject({ bytes: BYTES.length, sha256 });
  });

  it('keeps nothing of bytes that break off, or are too many', async () => {
    const broken = async function* () {
      yield Buffer.from('the bytes');
      await Promise.reject(new Error('cut off'));
    };
    await expect(keep(broken())).rejects.toThrow('cut off');
    await expect(keep(inPieces('x'.repeat(60), 'x'.repeat(60)))).rejects.toThrow('too large');
    expect(readdirSync(root)).toEqual(['.drafts']);
    expect(readdirSync(join(root, '.drafts'))).toEqual([]);
  });

  it('gives a part of a file', async () => {
    await keep();
    const opened = await store.open(PATH, { start: 4, end: 8 });
    if (!opened) throw new Error('not opened');
    expect((await buffer(opened.stream)).toString()).toBe('bytes');
    expect(opened.bytes).toBe(BYTES.length);
  });

  it('clears away drafts that were left behind, and no others', async () => {
    await keep();
    writeFileSync(join(root, '.drafts', 'left-behind'), 'half');
    const { mtimeMs } = statSync(join(root, '.drafts', 'left-behind'));
    await store.clearDrafts(mtimeMs - 1);
    expect(readdirSync(join(root, '.drafts'))).toEqual(['left-behind']);
    await store.clearDrafts(mtimeMs + 1);
    expect(readdirSync(join(root, '.drafts'))).toEqual([]);
    expect(readFileSync(join(root, PATH))).toEqual(BYTES);
  });

  it('leaves a file that is there as it is', async () => {
    await keep();
    const before = statSync(join(root, PATH)).ino;
    await keep();
    expect(statSync(join(root, PATH)).ino).toBe(before);
  });

  it('makes a file whole again that was cut short', async () => {
    await keep();
    truncateSync(join(root, PATH), 3);
    await keep();
    expect(readFileSync(join(root, PATH))).toEqual(BYTES);
  });

  it('takes the same file from many at once', async () => {
    await Promise.all(Array.from({ length: 20 }, () => keep()));
    expect(readFileSync(join(root, PATH))).toEqual(BYTES);
    expect(readdirSync(join(root, '.drafts'))).toEqual([]);
  });

  it('opens nothing where a file is gone', async () => {
    await expect(store.open(PATH)).resolves.toBeUndefined();
  });

  it('names the fault where it cannot write, and no path', async () => {
    writeFileSync(join(root, 'cuota'), 'a file where a folder has to be');
    await expect(keep()).rejects.toMatchObject({
      code: 'internal_error',
      message: expect.stringMatching(/DATA_DIR \((EEXIST|ENOTDIR)\)/) as unknown,
    });
  });

  it.each(['../secret', 'a/../../secret', '/nowhere/secret', '', '.', 'a\0b'])(
    'G12: opens and writes nothing outside of its folder: %j',
    async (path) => {
      await expect(store.open(path)).rejects.toThrow('leads out of the media folder');
      await expect(keep(BYTES, path)).rejects.toThrow('leads out of the media folder');
    },
  );
});

async function* inPieces(...pieces: readonly string[]): AsyncGenerator<Buffer> {
  for (const piece of pieces) {
    await Promise.resolve();
    yield Buffer.from(piece);
  }
}
