/** Unit tests stand beside the code, end-to-end tests in test/. */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/src', '<rootDir>/test'],
  testMatch: ['**/*.spec.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: { '^.+\\.ts$': '@swc/jest', '/otlp-exporter-base/.+\\.js$': '@swc/jest' },
  // It asks for node:http by `import()`, which jest takes only after it was compiled.
  transformIgnorePatterns: ['/node_modules/(?!@opentelemetry/otlp-exporter-base/)'],
  maxWorkers: 2,
  // Files leave memory behind; a worker near the end of its heap stops for seconds, which tests take for a hanging server.
  workerIdleMemoryLimit: '800MB',
  testTimeout: 30_000,
};
