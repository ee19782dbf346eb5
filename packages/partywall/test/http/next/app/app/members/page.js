import { memberOf, requireMember } from 'partywall/next'
import { withTenant } from '../../lib/tenancy.js'

export default async function Page() {
  const member = await withTenant(requireMember({ can: 'notes.write' }, () => memberOf()))
  return <p>{member.userId}</p>
}
