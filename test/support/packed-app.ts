import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(__dirname, '..', '..');
const PACKED = [
  'package.json',
  'tsconfig.json',
  'tsconfig.types.json',
  'nest-cli.json',
  'README.md',
  'src',
  'migrations',
];
const run = promisify(execFile);

/** The example app with the package in its `node_modules`, as `npm install` of the packed file makes it. */
export class PackedApp {
  private constructor(
    private readonly folder: string,
    /** What the package holds. */
    readonly files: readonly string[],
  ) {}

  /** Packs a copy of the sources, so that no other test sees `dist` change. */
  static async install(): Promise<PackedApp> {
    const folder = mkdtempSync(join(tmpdir(), 'cuota-packed-'));
    const source = join(folder, 'source');
    for (const path of PACKED) cpSync(join(ROOT, path), join(source, path), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules'), join(source, 'node_modules'));
    const { stdout } = await run('npm', ['pack', '--json', '--offline', '--no-update-notifier'], {
      cwd: source,
      maxBuffer: 1 << 24,
    }).catch(tellOutput);
    const tarball = /"filename": "(.+\.tgz)"/.exec(stdout)?.[1] ?? '';
    const app = join(folder, 'app');
    cpSync(join(ROOT, 'examples', 'nest-app'), app, { recursive: true });
    const modules = join(app, 'node_modules');
    mkdirSync(join(modules, 'cuota'), { recursive: true });
    for (const name of readdirSync(join(ROOT, 'node_modules'))) {
      symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
    }
    const target = join(modules, 'cuota');
    await run('tar', ['-xzf', join(source, tarball), '-C', target, '--strip-components=1']);
    const listed = await run('tar', ['-tzf', join(source, tarball)], { maxBuffer: 1 << 24 });
    return new PackedApp(folder, listed.stdout.trim().split('\n'));
  }

  /** Builds it against the package's types, with one more file; what the compiler said where it refuses. */
  async build(name: string, source: string): Promise<string> {
    const file = join(this.folder, 'app', 'src', name);
    writeFileSync(file, source);
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    try {
      await run(process.execPath, [tsc, '-p', '.'], { cwd: join(this.folder, 'app') });
      return '';
    } catch (error) {
      return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error);
    } finally {
      rmSync(file);
    }
  }

  /** Starts what was built; resolves when it listens. */
  async start(env: Readonly<Record<string, string>>): Promise<StartedApp> {
    const { PATH = '', HOME = '/tmp' } = process.env;
    const child = spawn(process.execPath, ['dist/main.js'], {
      cwd: join(this.folder, 'app'),
      env: { PATH, HOME, PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new StartedApp(child, await urlOf(child));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export class StartedApp {
  constructor(
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  /** As an operator does it; resolves with its exit code or signal. */
  async stop(): Promise<number | string | null> {
    const ended = new Promise<number | string | null>((resolve) => {
      this.child.once('exit', (code, signal) => {
        resolve(code ?? signal);
      });
    });
    this.child.kill('SIGTERM');
    return ended;
  }
}

function urlOf({ stdout, stderr }: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const url = /at (http:\/\/\S+)/.exec(output)?.[1];
      if (url !== undefined) resolve(url.replace('[::1]', '127.0.0.1'));
    };
    stdout?.on('data', read);
    stderr?.on('data', read);
    stdout?.once('close', () => {
      reject(new Error(`The app ended before it listened:\n${output}`));
    });
  });
}

/** What a failed command printed is why it failed. */
function tellOutput(error: unknown): never {
  const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
  throw new Error(`npm pack failed:\n${stdout}\n${stderr}`, { cause: error });
}
