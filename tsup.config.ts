import { defineConfig, type Options } from 'tsup'

const shared: Options = {
  entry: { index: 'src/index.ts', local: 'src/local/index.ts' },
  target: 'node20',
  platform: 'node',
  treeshake: false,
  sourcemap: false,
  minifySyntax: true,
  // Line ends stay: Node prints the whole source line of an uncaught error, and a trace should name a place.
  minifyWhitespace: false,
  minifyIdentifiers: false,
}

// ESM shares the lower floors between entries in common chunks. CommonJS does not: esbuild splits ESM only, and what
// tsup makes of it (through sucrase) does not parse where a class has fields and a minified constructor, and turns
// every `?.` into a function call. Errors are recognised across the copies by their brand, see core/errors.ts.
export default defineConfig([
  { ...shared, format: 'esm', splitting: true, clean: ['dist/*.js'] },
  { ...shared, format: 'cjs', splitting: false, clean: ['dist/*.cjs'] },
  { ...shared, format: ['esm', 'cjs'], dts: { only: true }, clean: ['dist/*.d.ts', 'dist/*.d.cts'] },
])
