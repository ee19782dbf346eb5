/** PW-102: what is between partywall and the server, and what does not work there. */
import { tenancyErrorOf } from '../../errors.ts'
import type { Context, Examination } from '../context/examination.ts'

export const pooler: Examination = {
  id: 'PW-102',
  title: 'What is on the route to the server',
  async run({ route, options: { tenantCacheMs } }: Context) {
    try {
      const found = await route()
      if (found.kind === 'direct') return []
      const name = found.product ?? 'A pooler'
      if (found.mode === 'session') {
        return [
          {
            severity: 'info',
            seen: `${name} is between partywall and the server, in session mode: each connection of partywall holds one of the server.`,
            fix: 'Nothing has to be done. In transaction mode the pooler would save connections of the server.',
          },
        ]
      }
      return [
        {
          severity: 'info',
          seen:
            `${name} is between partywall and the server, in transaction mode: tenancy.session and migrations outside of transactions are refused, ` +
            `and changes of tenants by other processes are seen after up to ${tenantCacheMs} ms.`,
          fix: 'Nothing has to be done. Give work on structure a direct connection in the option "database.deploy".',
        },
      ]
    } catch (error) {
      const refusal = tenancyErrorOf(error)
      if (refusal?.code !== 'UNSAFE_SETUP') throw error
      return [
        {
          severity: 'error',
          seen: refusal.summary,
          fix: 'Set pool_mode = transaction in the pooler, or connect to the server itself.',
        },
      ]
    }
  },
}
