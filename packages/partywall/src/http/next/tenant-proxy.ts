/** The proxy of an app, which `middleware` was called before Next.js 16. It refuses early; who may enter is decided once more by the page, from the request itself. */
import { tenancyErrorOf } from '../../errors.ts'
import { assertKnownKeys } from '../../known-keys.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'
import { warnIfUntested } from '../../tested-versions.ts'
import type { Attributes } from '../../types.ts'
import { createAdmission } from '../shared/admission.ts'
import { admissionKeys, type AdmissionOptions } from '../shared/admission-options.ts'
import { anyErrorAnswer } from '../shared/refusal.ts'
import type { NextCall } from './call.ts'
import { callFacts, callKeys, type NextCallOptions } from './call-facts.ts'
import { responseOf } from './response-of.ts'
import { pathHeader, pathKey, signedPath } from './signed-path.ts'

export interface TenantProxyOptions<A extends object = Attributes> extends AdmissionOptions<A, NextCall>, NextCallOptions {
  /** Receives each error that is answered with 500 or more. @default console.error */
  log?: (error: unknown, call: NextCall) => void
}

/**
 * Makes the function of `proxy.ts`. It answers requests of no tenant with the same bytes as a route handler would, pages included, with the statuses that a page cannot have (503 in
 * maintenance). With `byPath` it hands the rest of the path to the router, and the whole path, signed, to the page. A header of that name which a client sent is dropped.
 * @example export const proxy = tenantProxy(tenancy)
 * @throws TenancyError INVALID_OPTION
 */
export function tenantProxy<A extends object>(
  tenancy: HttpTenancy<A>,
  options: TenantProxyOptions<NoInfer<A>> = {},
): (request: Request) => Promise<Response> {
  assertKnownKeys('tenantProxy', options, [...admissionKeys, ...callKeys, 'log'], 'INVALID_OPTION')
  warnIfUntested('next')
  const { claims: _claims, host: _host, secret: _secret, log = toConsole, ...admissionOptions } = options
  const factsOf = callFacts('tenantProxy', options)
  const key = pathKey('tenantProxy', options)
  const admit = createAdmission<A, NextCall>(tenancy, admissionOptions, 'tenantProxy')

  return async (request) => {
    const headers = new Headers(request.headers)
    headers.delete(pathHeader)
    const call = { headers, request }
    try {
      // Never forged: the header that could be is gone.
      const admission = await admit(factsOf(call)!, call)
      if (admission.action === 'refuse') return responseOf(admission.answer)
      const { NextResponse } = await import('next/server.js')
      const { mount } = admission
      if (mount === undefined) return NextResponse.next({ request: { headers } })
      const url = urlOf(request)
      headers.set(pathHeader, signedPath(key, headers.get('host') ?? '', url.pathname))
      url.pathname = url.pathname.slice(mount.length) || '/'
      return NextResponse.rewrite(url, { request: { headers } })
    } catch (error) {
      const answer = anyErrorAnswer(error, admissionOptions)
      if (answer.status >= 500) log(tenancyErrorOf(error) ?? error, call)
      return responseOf(answer)
    }
  }
}

/** One that may be changed. That of Next.js keeps the `basePath` of the app apart from the path. */
function urlOf(request: Request): URL {
  return (request as { readonly nextUrl?: { clone(): URL } }).nextUrl?.clone() ?? new URL(request.url)
}

function toConsole(error: unknown): void {
  // oxlint-disable-next-line no-console -- as Next.js does with errors of the proxy
  console.error(error)
}
