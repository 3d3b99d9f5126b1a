import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import tailwindcss from '@tailwindcss/vite';
import { defineConfig } from 'vite';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** The app and the operator's bundle are two pages, so that a visitor never loads the operator's code. */
const pages = ['index.html', 'operator.html'].map(file).filter((path) => existsSync(path));

/** Where `npm start` listens: for `vite` in development only. */
const gateway = 'http://localhost:8080';

export default defineConfig({
  root: file('.'),
  plugins: [tailwindcss()],
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    sourcemap: false,
    // The content policy allows neither inline scripts nor fonts and pictures from `data:` where a file does.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    manifest: 'manifest.json',
    rolldownOptions: {
      input: pages,
    },
  },
  server: { proxy: { '/api': gateway, '/v1': gateway } },
});
