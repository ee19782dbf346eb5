/** Rooms of the console as the console mounts them, asked without a network. */
import { Hono } from 'hono'
import { errorCodes, tenancyErrorOf } from 'partywall'
import { ZodError } from 'zod'
import type { ConsoleEnv, ConsoleParts, Role, Room } from '../src/parts.ts'

interface Answer {
  readonly status: number
  readonly body: any
}

export interface AskedRoom {
  get(path: string, role?: Role): Promise<Answer>
  post(path: string, body?: unknown, role?: Role): Promise<Answer>
  /** The events of a stream, until it ends. */
  events(path: string): AsyncGenerator<{ readonly event: string; readonly data: any }>
}

/** @param operator the one who asks, who stands in the audit */
export function asked(routes: (parts: ConsoleParts) => Room, parts: ConsoleParts, operator = 'ann'): AskedRoom {
  const app = new Hono<ConsoleEnv & { Bindings: { role: Role } }>()
  app.use(async (c, next) => {
    c.set('operator', { id: operator, role: c.env.role })
    await parts.tenancy.actingAs(operator, next)
  })
  app.route('/', routes(parts))
  app.onError((error, c) => {
    if (error instanceof ZodError || error instanceof SyntaxError) return c.json({ code: 'INVALID' }, 400)
    const known = tenancyErrorOf(error)
    if (known === undefined) throw error
    return c.json({ code: known.code, detail: known.summary }, errorCodes[known.code].http as 400)
  })
  const ask = async (path: string, init: RequestInit, role: Role): Promise<Answer> => {
    const response = await app.request(path, init, { role })
    const text = await response.text()
    return {
      status: response.status,
      body: response.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text,
    }
  }
  return {
    get: (path, role = 'viewer') => ask(path, {}, role),
    post: (path, body = {}, role = 'owner') =>
      ask(path, { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }, role),
    async *events(path) {
      const response = await app.request(path, {}, { role: 'viewer' as const })
      let text = ''
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        const messages = (text + chunk).split('\n\n')
        text = messages.pop()!
        for (const part of messages) {
          const field = (name: string): string => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1] ?? ''
          if (field('event') !== '')
            yield { event: field('event'), data: field('data') === '' ? undefined : JSON.parse(field('data')) }
        }
      }
    },
  }
}

/** Waits for a condition, not for a time. */
export async function until<T>(look: () => Promise<T | undefined | false>, what = 'the condition'): Promise<T> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await look()
    if (found !== undefined && found !== false) return found
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
  throw new Error(`Waited too long for ${what}.`)
}
