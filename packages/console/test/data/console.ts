/** The room of data as the console mounts it, asked without a network. */
import { Hono } from 'hono'
import type { AnyTenancy, ConsoleEnv, Role } from '../../src/parts.ts'
import { dataRoutes } from '../../src/data/routes.ts'

interface Answer {
  readonly status: number
  readonly body: any
}

export interface Asking {
  (path: string, init?: { method?: string; body?: unknown; role?: Role }): Promise<Answer>
}

/** @example const { status, body } = await ask('acme/tables') */
export function consoleOf(tenancy: AnyTenancy): Asking {
  const app = new Hono<ConsoleEnv & { Bindings: { role: Role } }>()
  app.use(async (c, next) => {
    c.set('operator', { id: 'ann', role: c.env.role })
    await tenancy.actingAs('ann', next)
  })
  app.route('/api/data', dataRoutes({ tenancy }))
  app.onError((error, c) => {
    const { code = 'UNKNOWN', message } = error as Error & { code?: string }
    return c.json({ code, detail: message }, code === 'UNKNOWN_TENANT' ? 404 : 500)
  })
  return async (path, { method = 'GET', body, role = 'owner' } = {}) => {
    const init = {
      method,
      ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }
    const response = await app.request(`/api/data/${path}`, init, { role })
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json') === true
    return { status: response.status, body: isJson ? JSON.parse(text) : text }
  }
}

/** All pages of a list, by its cursors in one direction. */
export async function allPages(
  ask: Asking,
  path: string,
  direction: 'next' | 'previous' = 'next',
  from?: string,
): Promise<any[]> {
  const pages: any[] = []
  for (let cursor = from; pages.length === 0 || cursor !== undefined; cursor = pages.at(-1)[direction]) {
    const { status, body } = await ask(`${path}${path.includes('?') ? '&' : '?'}cursor=${cursor ?? ''}`)
    if (status !== 200) throw new Error(JSON.stringify(body))
    pages.push(body)
    if (pages.length > 1000) throw new Error('The pages have no end.')
  }
  return pages
}
