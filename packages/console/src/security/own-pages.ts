/** Only the console's own pages use its API: a page of another origin would do it with the cookies of the operator. */
import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from '../app.ts'
import type { CheckedOptions } from '../options.ts'
import { problem } from '../problem.ts'
import { hostOf } from './host-of.ts'

export function ownPagesOnly(options: CheckedOptions): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const refusal = refusalOf(c, options)
    if (refusal !== undefined)
      return problem(c, refusal.status, { code: refusal.code, title: 'The request was refused', detail: refusal.detail })
    await next()
    return undefined
  }
}

function refusalOf(c: Context<AppEnv>, options: CheckedOptions): { status: 403 | 415; code: string; detail: string } | undefined {
  const { method, raw } = c.req
  const site = raw.headers.get('sec-fetch-site')
  if (site !== null && site !== 'same-origin' && site !== 'none') return foreign
  if (method === 'GET' || method === 'HEAD') return undefined
  const origin = raw.headers.get('origin')
  if (origin === null || hostOfOrigin(origin) !== hostOf(raw, options)) return foreign
  const type = raw.headers.get('content-type')
  const hasBody = raw.body !== null && raw.headers.get('content-length') !== '0'
  return hasBody && !/^application\/json\s*(?:;|$)/i.test(type ?? '') ? noJson : undefined
}

const foreign = { status: 403, code: 'FOREIGN_ORIGIN', detail: 'Only pages of the console may use its API.' } as const
const noJson = { status: 415, code: 'NOT_JSON', detail: 'The body must be JSON.' } as const

/** Undefined for `null` and what is none. */
function hostOfOrigin(origin: string): string | undefined {
  return /^https?:\/\/([^/?#@,\s]+)$/i.exec(origin)?.[1]?.toLowerCase()
}
