/** The room of tenants as the console mounts it, asked without a network. */
import { Hono } from 'hono'
import type { AnyTenancy, ConsoleEnv, Role } from '../../src/parts.ts'
import type { WorkEvent } from '../../src/tenants/api.ts'
import { tenantsRoutes } from '../../src/tenants/routes.ts'

export interface Answer {
  readonly status: number
  readonly body: any
  /** The events of a stream. */
  readonly events: readonly WorkEvent[]
}

interface Asked {
  readonly method?: string
  readonly body?: unknown
  /** As it is sent, in place of `body`. */
  readonly raw?: string
  readonly role?: Role
  readonly version?: string
}

export type Asking = (path: string, asked?: Asked) => Promise<Answer>

/** @example const { status, body } = await ask('acme') */
export function consoleOf(tenancy: AnyTenancy): Asking {
  const app = new Hono<ConsoleEnv & { Bindings: { role: Role } }>()
  app.use(async (c, next) => {
    c.set('operator', { id: 'ann', role: c.env.role })
    await tenancy.actingAs('ann', next)
  })
  app.route('/api/tenants', tenantsRoutes({ tenancy }))
  app.onError((_, c) => c.json({ code: 'UNKNOWN' }, 500))
  return async (path, { method, body, raw, role = 'owner', version } = {}) => {
    const sent = raw ?? (body === undefined ? undefined : JSON.stringify(body))
    const init = {
      method: method ?? (sent === undefined ? 'GET' : 'POST'),
      headers: {
        ...(sent !== undefined && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(sent)) }),
        ...(version !== undefined && { 'if-match': `"${version}"` }),
      },
      ...(sent !== undefined && { body: sent }),
    }
    const response = await app.request(`/api/tenants${path === '' || path.startsWith('?') ? '' : '/'}${path}`, init, { role })
    const text = await response.text()
    const type = response.headers.get('content-type') ?? ''
    const events = type.includes('event-stream')
      ? text.split('\n').flatMap((line) => (line.startsWith('data: ') ? [JSON.parse(line.slice(6)) as WorkEvent] : []))
      : []
    return { status: response.status, body: type.includes('json') ? JSON.parse(text) : text, events }
  }
}

/** The version that a change names. */
export async function versionOf(ask: Asking, tenant: string): Promise<string> {
  const { status, body } = await ask(tenant)
  if (status !== 200) throw new Error(JSON.stringify(body))
  return body.version as string
}
