/** The host that the browser has asked. */
import type { CheckedOptions } from '../options.ts'

export function hostOf(request: Request, { trustProxy = false }: Pick<CheckedOptions, 'trustProxy'>): string {
  const forwarded = trustProxy ? request.headers.get('x-forwarded-host') : null
  return (forwarded ?? request.headers.get('host') ?? new URL(request.url).host).toLowerCase()
}
