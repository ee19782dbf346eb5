/** For the command line: `npx partywall tenant list`, `npx partywall user create --admin ops@example.com`. */
import { configurationOf } from './src/configuration.ts'
import { environmentOf } from './src/environment.ts'
import { createMailer } from './src/mail/mailer.ts'
import { createOperators } from './src/shared/operators.ts'
import { createUsers } from './src/tenant/users.ts'

const environment = environmentOf(process.env)

export default {
  ...configurationOf(environment),
  auth: {
    tenant: (tenancy: Parameters<typeof createUsers>[0]) => createUsers(tenancy, environment, createMailer(environment)),
    central: (tenancy: Parameters<typeof createOperators>[0]) => createOperators(tenancy, environment),
  },
}
