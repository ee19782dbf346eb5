import { memberOf, requireMember } from 'partywall/next'
import { tenantRoute } from '../../../lib/tenancy.js'

export const GET = tenantRoute(requireMember({ can: 'notes.write' }, () => Response.json({ userId: memberOf().userId })))
