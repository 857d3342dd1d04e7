import { defineConfig } from 'tsup'

// One build for every entry and both module systems: the shared floors land in common chunks, so that a class
// imported from 'slotwise' and one met through 'slotwise/local' are the same class.
export default defineConfig({
  entry: { index: 'src/index.ts', local: 'src/local/index.ts' },
  format: ['esm', 'cjs'],
  target: 'node20',
  platform: 'node',
  dts: true,
  splitting: true,
  treeshake: false,
  clean: true,
  sourcemap: false,
  minifySyntax: true,
  minifyWhitespace: true,
  minifyIdentifiers: false,
})
