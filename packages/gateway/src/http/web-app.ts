import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A file as it is sent: its bytes, and what the build compressed beforehand. */
export type WebFile = {
  contentType: string;
  plain: Buffer;
  gzip: Buffer | undefined;
  brotli: Buffer | undefined;
};

/** What is served of `packages/web`. All of it is in memory: less than 2 MB, and a path can never leave the folder. */
export type WebApp = {
  /** The HTML of the app and of the operator's bundle; undefined: it is not built. */
  app: string | undefined;
  operator: string | undefined;
  /** Built files by name. Each name holds a hash of its content. */
  assets: ReadonlyMap<string, WebFile>;
  /** For the pages without script. */
  siteCss: Buffer;
  mark: Buffer;
};

const WEB_PACKAGE = fileURLToPath(new URL('../../../web/', import.meta.url));

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
};

/** Reads the built web app once. A folder that was not built is no error: the pages then say what to run. */
export function loadWebApp(folder: string = WEB_PACKAGE): WebApp {
  const site = join(folder, 'static');
  const siteCss = Buffer.concat(
    ['tokens.css', 'site.css', 'handbook.css'].map((name) => readFileSync(join(site, name))),
  );
  const mark = readFileSync(join(site, 'mark.svg'));
  const dist = join(folder, 'dist');
  return {
    app: readText(join(dist, 'index.html')),
    operator: readText(join(dist, 'operator.html')),
    assets: readAssets(join(dist, 'assets')),
    siteCss,
    mark,
  };
}

function readAssets(folder: string): Map<string, WebFile> {
  const names = new Set(readNames(folder));
  const twin = (name: string) => (names.has(name) ? readFileSync(join(folder, name)) : undefined);
  const assets = new Map<string, WebFile>();
  for (const name of names) {
    const contentType = CONTENT_TYPES[extname(name)];
    if (contentType === undefined) continue;
    const plain = readFileSync(join(folder, name));
    assets.set(name, { contentType, plain, gzip: twin(`${name}.gz`), brotli: twin(`${name}.br`) });
  }
  return assets;
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
