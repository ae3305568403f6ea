/** The house's walls. Arrows point down this list: a module may import those above it, never those below. */
const ORDER = [
  'telemetry',
  'config',
  'database',
  'rate-limiting',
  'heart',
  'identity',
  'http',
  'pricing',
  'providers',
  'media',
  'generation',
  'usage',
  'periods',
  'workspaces',
  'sessions',
  'admin',
  'notifications',
  'observability',
  'console',
  'command-line',
];

/** The rules of limits are pure: whoever needs one may import it, wherever it stands. */
const PURE = '^src/rate-limiting/domain/';

const below = (module) => ORDER.slice(ORDER.indexOf(module) + 1);

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      comment: 'A file that nothing imports is dead, unless it is where a program or a test begins.',
      from: { orphan: true, pathNot: ['\\.spec\\.ts$', '^src/(main|worker|cli)\\.ts$', '\\.d\\.ts$'] },
      to: {},
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'The rules of limits import nothing but themselves: no package, no store, no framework.',
      from: { path: '^src/rate-limiting/domain/', pathNot: '\\.spec\\.ts$' },
      to: { pathNot: '^src/rate-limiting/domain/' },
    },
    ...ORDER.map((module) => ({
      name: `${module}-looks-up`,
      severity: 'error',
      comment: `${module} stands above ${below(module).join(', ') || 'nothing'} and knows none of them.`,
      from: { path: `^src/${module}/` },
      to: {
        path: below(module).length > 0 ? `^src/(${below(module).join('|')})/` : '^$',
        pathNot: PURE,
      },
    })),
    ...ORDER.map((module) => ({
      name: `${module}-by-its-face`,
      severity: 'error',
      comment: `Other modules enter ${module} through its index.ts.`,
      from: { path: '^src/', pathNot: [`^src/${module}/`, '\\.spec\\.ts$'] },
      to: { path: `^src/${module}/`, pathNot: [`^src/${module}/index\\.ts$`, PURE] },
    })),
    {
      name: 'nobody-imports-the-top',
      severity: 'error',
      comment: 'admin, console and the command line are for people: nothing is built on them.',
      from: {
        path: '^src/',
        pathNot: ['^src/(admin|console|command-line)/', '^src/(app\\.module|cli)\\.ts$'],
      },
      to: { path: '^src/(admin|console|command-line)/' },
    },
    {
      name: 'stores-only',
      severity: 'error',
      comment: 'typeorm, pg and ioredis appear in stores, entities, modules that wire them, and database/.',
      from: {
        path: '^src/',
        pathNot: [
          '^src/database/',
          '\\.(store|entity|module|ledger|columns)\\.ts$',
          '/ledger/',
          '\\.spec\\.ts$',
        ],
      },
      to: { path: '^node_modules/(typeorm|pg|ioredis)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-test-code-in-src',
      severity: 'error',
      from: { path: '^src/', pathNot: '\\.spec\\.ts$' },
      to: { path: '^test/' },
    },
    {
      name: 'declared',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'unknown'] },
    },
    {
      name: 'no-dev-dependency-at-run-time',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: '\\.spec\\.ts$' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['require', 'node', 'default'],
    },
  },
};
