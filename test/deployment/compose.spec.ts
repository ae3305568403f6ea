import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { load } from 'js-yaml';

import { readSettings } from '../../src/config/index.js';

const ROOT = join(__dirname, '..', '..');
const DEPLOY = join(ROOT, 'deploy');

interface Service {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly command?: readonly string[];
  readonly healthcheck?: object;
  readonly volumes?: readonly string[];
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: object;
  readonly secrets: object;
}

const read = (file: string) => readFileSync(join(DEPLOY, file), 'utf8');
const compose = load(read('compose.yaml')) as Compose;
const services = Object.entries(compose.services);
const example = new Map(
  [...read('.env.example').matchAll(/^#? ?([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]),
);

/** `${NAME:?…}` and `${NAME:-…}` as Compose fills them in. */
function filledIn(text: string): string {
  return text.replace(
    /\$\{(\w+):?[?-]?([^}]*)\}/g,
    (_, name: string, otherwise: string) => example.get(name) ?? otherwise,
  );
}

describe('deploy/compose.yaml', () => {
  it('every folder, file, volume, secret and service that it names is there', () => {
    const volumes = services.flatMap(([, { volumes: mounted = [] }]) => mounted);
    for (const mount of volumes) {
      const [source = ''] = mount.split(':');
      const there = source.startsWith('.') ? existsSync(join(DEPLOY, source)) : source in compose.volumes;
      expect([mount, there]).toEqual([mount, true]);
    }
    for (const [, { secrets = [], depends_on: needed = {}, build }] of services) {
      for (const secret of secrets) expect(Object.keys(compose.secrets)).toContain(secret);
      for (const [name, { condition }] of Object.entries(needed)) {
        expect(condition).toBe('service_healthy');
        expect(compose.services[name]?.healthcheck).toBeDefined();
      }
      if (build) expect(existsSync(join(DEPLOY, build.context, build.dockerfile))).toBe(true);
    }
  });

  it('pins every image to a version, and opens none but our own port to other machines', () => {
    for (const [name, { image, ports = [] }] of services) {
      if (image !== undefined) expect(image).toMatch(/:v?\d+[\w.-]*$/);
      for (const port of ports) if (name !== 'cuota') expect(port).toMatch(/^127\.0\.0\.1:/);
    }
  });

  it('gives the server an environment that it starts with, and time to end its calls', () => {
    const { environment = {}, stop_grace_period: grace = '' } = compose.services.cuota ?? {};
    const given = Object.entries(environment).map(
      ([name, value]) => [name, filledIn(String(value))] as const,
    );
    // That one is made by `openssl`, as its line says.
    const read = readSettings({
      ...Object.fromEntries(given),
      ENCRYPTION_KEY: Buffer.alloc(32).toString('base64'),
    });
    expect('faults' in read ? read.faults : []).toEqual([]);
    const known = readFileSync(join(ROOT, '.env.example'), 'utf8');
    for (const [name] of given) expect(known).toContain(`${name}=`);
    expect(parseInt(grace, 10)).toBeGreaterThan(Number(environment.SHUTDOWN_GRACE_SEC) + 20);
  });

  it('leaves messages to workers, which are the same image in the same environment', () => {
    const { cuota, worker } = compose.services;
    expect(cuota?.environment?.WORKERS_IN_SERVER).toBe('false');
    expect(worker).toMatchObject({ build: cuota?.build, environment: cuota?.environment });
    const [program, script = ''] = worker?.command ?? [];
    expect(program).toBe('node');
    expect(existsSync(join(ROOT, script.replace('dist/', '').replace('.js', '.ts')))).toBe(true);
  });

  it('lists in .env.example each variable that it reads', () => {
    const wanted = new Set([...read('compose.yaml').matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name));
    expect([...wanted].filter((name) => !example.has(name))).toEqual([]);
    expect([...example.keys()].filter((name) => !wanted.has(name))).toEqual([]);
  });

  it('copies into the image what the server is built from and runs on', () => {
    const dockerfile = read('Dockerfile');
    for (const [, paths = ''] of dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)) {
      for (const path of paths.split(' ')) expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
    }
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toContain('/health/ready');
  });
});
