import { tenantPath } from 'partywall/next'
import { withTenant } from '../../lib/tenancy.js'

export default async function Page() {
  return <p>{await withTenant(({ schema }) => `${schema} ${tenantPath('/notes')}`)}</p>
}
