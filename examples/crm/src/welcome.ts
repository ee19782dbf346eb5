/** What `npm run start:crm` prints when the server is ready: what to open, and with which passwords. */
import type { Demo } from './demo/demo.ts'
import type { Environment } from './environment.ts'
import { adminUrl } from './shared/operators.ts'

export function welcome({ appUrl, smtpUrl }: Environment, demo: Demo | undefined): string {
  const tenants = (demo?.tenants ?? []).map(
    ({ name, url, email, password }) => `  ${name.padEnd(20)}${url}   ${email}   ${password}`,
  )
  const operator = demo === undefined ? '' : `   ${demo.operator.email}   ${demo.operator.password}`
  return `
partywall crm is ready on ${appUrl}

  public site         ${appUrl}
${tenants.join('\n')}
  console             ${adminUrl(appUrl)}${operator}
${smtpUrl === undefined ? `  mails               ${appUrl}/mail\n` : ''}  API                 ${appUrl}/api/openapi.json

Ctrl-C stops it.
`
}
