/** A browser, as far as sign-in needs one: cookies for each host, forms, and redirects from host to host. All hosts are this machine. */
import type { RequestListener } from 'node:http'
import { listen } from '../http/listen.ts'

export interface Page {
  readonly url: string
  readonly status: number
  readonly json: any
  readonly text: string
  /** Where a redirect leads. */
  readonly location: string | undefined
}

/** @param sites the servers, each with a pattern of its hosts */
export async function internet(sites: readonly (readonly [host: RegExp, app: RequestListener])[]) {
  const servers = await Promise.all(sites.map(async ([host, app]) => ({ host, ...(await listen(app)) })))

  return function browser() {
    const jars = new Map<string, Map<string, string>>()

    async function ask(url: string, { method = 'GET', body, headers = {} }: Asked = {}): Promise<Page> {
      const { host, hostname, protocol, pathname, search } = new URL(url)
      const server = servers.find((one) => one.host.test(hostname))
      if (server === undefined) throw new Error(`There is no host ${host}.`)
      const jar = jars.get(hostname) ?? new Map<string, string>()
      jars.set(hostname, jar)
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
      const answer = await server.send({
        host,
        path: pathname + search,
        method,
        headers: {
          ...(cookie !== '' && { cookie }),
          ...(body !== undefined && { 'content-type': 'application/json', origin: `${protocol}//${host}` }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      for (const line of answer.headers['set-cookie'] ?? []) keep(jar, line)
      const { status, json, text, headers: received } = answer
      const { location } = received
      return { url, status, json, text, location: location === undefined ? undefined : new URL(location, url).href }
    }

    return {
      ask,
      get: (url: string) => ask(url),
      post: (url: string, body: object, headers: Asked['headers'] = {}) => ask(url, { method: 'POST', body, headers }),
      /** Follows redirects, and gives all pages; the last is where they end. */
      async follow(url: string): Promise<Page[]> {
        const pages = [await ask(url)]
        for (let { location } = pages[0]!; location !== undefined && pages.length < 20;) {
          pages.push(await ask(location))
          location = pages.at(-1)!.location
        }
        return pages
      },
      cookies: (host: string): ReadonlyMap<string, string> => jars.get(host) ?? new Map(),
      /** What an attacker does who has got hold of them. */
      take(host: string, cookies: ReadonlyMap<string, string>): void {
        jars.set(host, new Map(cookies))
      },
    }
  }
}

interface Asked {
  readonly method?: string
  readonly body?: object
  readonly headers?: Record<string, string>
}

function keep(jar: Map<string, string>, line: string): void {
  const [pair, ...attributes] = line.split(';').map((part) => part.trim())
  const name = pair!.slice(0, pair!.indexOf('='))
  if (attributes.some((attribute) => /^domain=/i.test(attribute))) throw new Error(`A cookie for more than one host: ${line}`)
  if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) jar.delete(name)
  else jar.set(name, pair!.slice(name.length + 1))
}
