import { availableParallelism } from 'node:os';

/** @type {import('jest').Config} */
export default {
  testEnvironment: 'node',
  // Many tests wait for processes of their own, so that two cores bear two workers.
  maxWorkers: Math.max(2, availableParallelism() - 1),
  // Modules of finished tests are never given back by a process.
  workerIdleMemoryLimit: '1GB',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.serverless', '<rootDir>/.holdfast'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  collectCoverageFrom: ['functions/**/*.ts', 'lib/**/*.ts', 'cli/**/*.ts', 'local/**/*.ts'],
};
