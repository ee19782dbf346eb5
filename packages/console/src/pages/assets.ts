/** The built pages, from memory. */
import { readFile, readdir } from 'node:fs/promises'
import { extname } from 'node:path'
import { TenancyError } from 'partywall'

/** Beside the sources and beside the build. */
const folder = new URL('../../dist/client/', import.meta.url)

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

interface Built {
  readonly index: string
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>
}

export interface Assets {
  /** A file of the build; its name holds a hash of what it contains. */
  file(name: string): Promise<Response>
  /** The page of the application, for each address of the client. @param base where browsers see the console, with a slash at its end */
  page(base: string, status: number): Promise<Response>
}

export function assets(): Assets {
  let reading: Promise<Built> | undefined
  const built = (): Promise<Built> =>
    (reading ??= read().catch((error: unknown) => {
      reading = undefined
      throw error
    }))
  return {
    async file(name) {
      const bytes = (await built()).files.get(name)
      if (bytes === undefined) return new Response('Not Found', { status: 404 })
      return new Response(bytes, {
        headers: {
          'content-type': types[extname(name)] ?? 'application/octet-stream',
          'cache-control': 'public, max-age=31536000, immutable',
        },
      })
    },
    async page(base, status) {
      const { index } = await built()
      const html = index.replace('<head>', `<head><base href="${escaped(base)}">`)
      return new Response(html, { status, headers: { 'content-type': types['.html']!, 'cache-control': 'no-store' } })
    },
  }
}

async function read(): Promise<Built> {
  await ensureBuilt()
  const index = await readFile(new URL('index.html', folder), 'utf8')
  const names = await readdir(new URL('assets/', folder))
  const files = await Promise.all(
    names.map(async (name) => [name, new Uint8Array(await readFile(new URL(`assets/${name}`, folder)))] as const),
  )
  return { index, files: new Map(files) }
}

/** In a checkout of the repository, where the pages may not be built, or be older than their sources. */
async function ensureBuilt(): Promise<void> {
  const builder = new URL('../../build-client.js', import.meta.url)
  try {
    const { buildClient } = (await import(/* webpackIgnore: true */ builder.href)) as { buildClient(): Promise<void> }
    await buildClient()
  } catch (error) {
    // The published package has the pages, and no builder.
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    try {
      await readFile(new URL('index.html', folder))
    } catch {
      throw new TenancyError('INVALID_OPTION', 'The pages of @partywall/console are not in the package. Install it again.')
    }
  }
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;')
}
