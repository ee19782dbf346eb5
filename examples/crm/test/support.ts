/** The app on the database of a test file, and browsers that keep the cookies of each host apart. */
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { testDatabase } from '../../../packages/partywall/test/support/servers/database.ts'
import { startCrm, type Crm, type CrmOptions } from '../src/crm.ts'
import { environmentOf, type Environment } from '../src/environment.ts'
import { freePort } from '../../../packages/partywall/src/embedded/free-port.ts'

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: any
  readonly text: string
}

interface Ask {
  readonly body?: unknown
  /** Sent as it is, with its type. */
  readonly raw?: { readonly type: string; readonly bytes: Buffer }
  readonly headers?: Readonly<Record<string, string>>
  /** Absent: the page of the host itself, as browsers say by themselves. False: none. */
  readonly origin?: string | false
}

export type Browser = ReturnType<typeof browserOf>

/** @param base the host of the public site */
function browserOf(port: number, base: string) {
  const jars = new Map<string, Map<string, string>>()
  const hostOf = (place: string): string => (place === '' ? base : `${place}.${base}`)

  async function send(method: string, place: string, path: string, ask: Ask = {}): Promise<Answer> {
    const host = hostOf(place)
    const jar = jars.get(host) ?? new Map<string, string>()
    jars.set(host, jar)
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const bytes = ask.raw?.bytes ?? (ask.body === undefined ? undefined : Buffer.from(JSON.stringify(ask.body)))
    const origin = ask.origin ?? (method === 'GET' ? false : `http://${host}:${port}`)
    const answer = await sendBytes(port, method, path, bytes, {
      host: `${host}:${port}`,
      ...(cookie !== '' && { cookie }),
      ...(origin !== false && { origin }),
      ...(bytes !== undefined && { 'content-type': ask.raw?.type ?? 'application/json' }),
      ...ask.headers,
    })
    for (const line of [answer.headers['set-cookie'] ?? []].flat()) {
      const [pair = '', ...attributes] = line.split(/;\s*/)
      const [name = '', value = ''] = pair.split(/=(.*)/s)
      if (attributes.some((text) => /^max-age=0$/i.test(text) || /^expires=thu, 01 jan 1970/i.test(text))) jar.delete(name)
      else jar.set(name, value)
    }
    return answer
  }

  return {
    get: (place: string, path: string, ask?: Ask) => send('GET', place, path, ask),
    post: (place: string, path: string, body?: unknown, ask?: Ask) => send('POST', place, path, { ...ask, body }),
    patch: (place: string, path: string, body: unknown, ask?: Ask) => send('PATCH', place, path, { ...ask, body }),
    delete: (place: string, path: string, ask?: Ask) => send('DELETE', place, path, ask),
    upload: (
      place: string,
      path: string,
      name: string,
      content: Buffer | string,
      fields: Record<string, string> = {},
      ask?: Ask,
    ) => send('POST', place, path, { ...ask, raw: formOf(name, content, fields) }),
    /** Follows redirects over all hosts of the app; the last answer, and the addresses. */
    async follow(address: string): Promise<Answer & { readonly addresses: readonly string[] }> {
      const addresses: string[] = []
      for (let next = new URL(address); ;) {
        addresses.push(next.href)
        const place = next.hostname === base ? '' : next.hostname.slice(0, -base.length - 1)
        const answer = await send('GET', place, next.pathname + next.search, { headers: { accept: 'text/html' } })
        const { location } = answer.headers
        if (typeof location !== 'string' || addresses.length > 9) return { ...answer, addresses }
        next = new URL(location, next)
      }
    },
    cookies: (place: string) => new Map(jars.get(hostOf(place))),
    /** Puts cookies of one host into the jar of another, as a thief would. */
    take: (place: string, cookies: ReadonlyMap<string, string>) => void jars.set(hostOf(place), new Map(cookies)),
    signIn: (place: string, email: string, password: string) =>
      send('POST', place, '/api/auth/sign-in/email', { body: { email, password } }),
  }
}

function formOf(name: string, content: Buffer | string, fields: Record<string, string>): { type: string; bytes: Buffer } {
  const boundary = 'boundary-of-the-test'
  const parts = Object.entries(fields).map(
    ([field, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${field}"\r\n\r\n${value}\r\n`,
  )
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: application/octet-stream\r\n\r\n`
  const bytes = Buffer.concat([Buffer.from(parts.join('') + head), Buffer.from(content), Buffer.from(`\r\n--${boundary}--\r\n`)])
  return { type: `multipart/form-data; boundary=${boundary}`, bytes }
}

function sendBytes(
  port: number,
  method: string,
  path: string,
  bytes: Buffer | undefined,
  headers: Record<string, string>,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sending = request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (res) => {
      const chunks: Buffer[] = []
      res.on('data', (chunk: Buffer) => chunks.push(chunk))
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8')
        const isJson = text !== '' && res.headers['content-type']?.includes('json') === true
        resolve({ status: res.statusCode!, headers: res.headers, text, body: isJson ? JSON.parse(text) : text })
      })
    })
    sending.on('error', reject)
    sending.end(bytes)
  })
}

export interface OpenCrm {
  crm: Crm
  readonly environment: Environment
  /** A browser without cookies. */
  browser(): Browser
  /** A new tenant by its sign-up, and the browser of its owner, who is signed in. */
  tenant(address: string, more?: object): Promise<Browser>
}

export const password = 'a password of ten'

/** Starts the app for the tests of a file. */
export async function openCrm(options: CrmOptions & { variables?: NodeJS.ProcessEnv } = {}): Promise<OpenCrm> {
  const { variables, ...others } = options
  const { url } = await testDatabase()
  const uploads = await mkdtemp(join(tmpdir(), 'crm-'))
  const port = await freePort()
  const environment = environmentOf({
    DATABASE_URL: url,
    UPLOADS: uploads,
    PORT: String(port),
    SIGN_UPS_PER_HOUR: '1000',
    ...variables,
  })
  const open: OpenCrm = {
    crm: undefined as unknown as Crm,
    environment,
    browser: () => browserOf(port, 'crm.localhost'),
    async tenant(address, more) {
      const browser = open.browser()
      const signedUp = await browser.post('', '/api/sign-up', signUpOf(address, more))
      if (signedUp.status !== 201) throw new Error(`The sign-up answered ${signedUp.status}: ${signedUp.text}`)
      await browser.follow(signedUp.body.enter)
      return browser
    },
  }
  beforeAll(async () => {
    open.crm = await startCrm(environment, { limits: false, ...others })
  })
  afterAll(async () => {
    await open.crm?.stop()
    await rm(uploads, { recursive: true })
  })
  return open
}

export function signUpOf(address: string, more: object = {}): object {
  return { company: `${address} Inc.`, address, name: 'Olga Owner', email: `owner@${address}.example`, password, ...more }
}

/** Asks until it is so; a test that waits in vain ends by its own time. */
export async function until<T>(ask: () => Promise<T> | T, isSo: (value: T) => boolean): Promise<T> {
  for (;;) {
    const value = await ask()
    if (isSo(value)) return value
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
