/** Only the console's own pages use its API: a page of another origin would do it with the cookies of the operator. */
import type { Context, MiddlewareHandler } from 'hono'
import type { AppEnv } from '../app.ts'
import type { CheckedOptions } from '../options.ts'
import { problem } from '../problem.ts'
import { hostOf, isEncrypted } from './host-of.ts'

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
  if (!isOwnOrigin(c, options)) return foreign
  const type = raw.headers.get('content-type')
  return hasBody(c) && !/^application\/json\s*(?:;|$)/i.test(type ?? '') ? noJson : undefined
}

/** A request of node:http always has a stream, also where nothing is sent. */
function hasBody({ env, req: { raw } }: Context<AppEnv>): boolean {
  if (env.node === undefined) return raw.body !== null
  return raw.headers.has('transfer-encoding') || !['0', null].includes(raw.headers.get('content-length'))
}

const foreign = { status: 403, code: 'FOREIGN_ORIGIN', detail: 'Only pages of the console may use its API.' } as const
const noJson = { status: 415, code: 'NOT_JSON', detail: 'The body must be JSON.' } as const

function isOwnOrigin(c: Context<AppEnv>, options: CheckedOptions): boolean {
  const [, scheme, host] = /^(https?):\/\/([^/?#@,\s]+)$/i.exec(c.req.raw.headers.get('origin') ?? '') ?? []
  if (scheme === undefined || host === undefined) return false
  // Others on the network could have written a page of http:.
  if (scheme.toLowerCase() === 'http' && isEncrypted(c.req.raw, c.env.node, options)) return false
  return sameHost(scheme, host, hostOf(c.req.raw, c.env.node, options))
}

/** A port that the scheme has anyway may be written or not. */
function sameHost(scheme: string, host: string, asked: string): boolean {
  const [one, other] = [host, asked].map((name) =>
    URL.canParse(`${scheme}://${name}`) ? new URL(`${scheme}://${name}`).host : undefined,
  )
  return one !== undefined && one === other
}
