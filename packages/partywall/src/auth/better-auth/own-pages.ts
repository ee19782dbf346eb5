/** The pages of a tenant, in the form in which Better Auth is told whom to trust. */
import { isOwnOrigin } from '../../http/shared/own-origin.ts'
import type { HttpTenancy } from '../../ports/tenancy-like.ts'

/** The origin of the page that asks, where its host leads to the tenant. */
export async function ownPage(
  tenancy: Pick<HttpTenancy<any>, 'resolve'>,
  tenant: { readonly id: string },
  request: Request | undefined,
): Promise<string[]> {
  const origin = request?.headers.get('origin') ?? ''
  // Better Auth reads a star as a pattern.
  return !origin.includes('*') && (await isOwnOrigin(tenancy, origin, tenant)) ? [origin] : []
}
