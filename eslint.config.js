import tseslint from 'typescript-eslint';
import importX from 'eslint-plugin-import-x';

/**
 * What each folder of src may import besides itself. Imports point downward: a folder not listed here for
 * another may not be imported by it. docs/architecture.md draws the same table.
 */
const mayImport = {
  core: [],
  config: ['core'],
  workspace: ['core'],
  graph: ['core'],
  sources: ['core'],
  metrics: ['core'],
  drift: ['core'],
  report: ['core'],
  engines: ['core', 'graph'],
  features: ['core', 'graph'],
  tasks: ['core', 'graph', 'metrics'],
  layers: [],
  models: ['core', 'graph', 'layers'],
  training: ['core', 'graph', 'engines', 'models', 'tasks', 'workspace'],
  exporters: ['core', 'graph', 'engines', 'features', 'tasks'],
  search: ['core'],
  server: ['core', 'drift'],
  cli: ['core', 'config'],
  steps: [
    'core',
    'config',
    'workspace',
    'graph',
    'sources',
    'features',
    'tasks',
    'metrics',
    'drift',
    'report',
    'engines',
    'models',
    'training',
    'exporters',
    'search',
    'server',
  ],
  commands: ['core', 'config', 'cli', 'steps'],
};

const rooms = Object.keys(mayImport);
const zones = rooms.map((room) => ({
  target: `./src/${room}`,
  from: './src',
  except: [room, ...mayImport[room]].map((name) => `./${name}`),
  message: `src/${room} may import only ${[room, ...mayImport[room]].join(', ')} (see eslint.config.js).`,
}));

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'node_modules', '**/*.js', '**/*.mjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { typescript: true, node: { extensions: ['.ts', '.js'] } } },
    rules: {
      'import-x/no-restricted-paths': ['error', { zones }],
      'no-console': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
    },
  },
  {
    files: ['src/**'],
    ignores: ['src/engines/onnxruntime/runtime.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: "ImportExpression > Literal[value='onnxruntime-node']",
          message: 'Use importOnnxRuntime, which keeps the library from reporting to its makers.',
        },
        {
          selector: "CallExpression[callee.name='mkdir'] Property[key.name='recursive']",
          message: 'Use makeFolder: recursive mkdir tries for ever where no folder can be made, in /proc.',
        },
      ],
    },
  },
  { files: ['bench/**'], rules: { 'no-console': 'off' } },
);
