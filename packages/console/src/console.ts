import { consoleApp } from './app.ts'
import { mounted } from './mount/mounted.ts'
import type { Console } from './mount/console-type.ts'
import { checkedOptions, type ConsoleOptions } from './options.ts'
import type { AnyTenancy } from './parts.ts'

/**
 * The web console of a tenancy: tenants, their rows, migrations, the log. It is there for hosts that belong to no tenant, for who `authorize` returns, and asks the browser to
 * load nothing from elsewhere. What it changes is in the audit, under the id of the operator.
 * @example
 * app.use('/admin', console(tenancy, { authorize: (request) => operatorOf(request) }))     // Express, Nest; createServer(console(…)) of node:http
 * app.mount('/admin', console(tenancy, { path: '/admin', authorize }).fetch)               // Hono
 * app.register(console(tenancy, { authorize }).fastify, { prefix: '/admin' })              // Fastify
 * @throws TenancyError INVALID_OPTION
 */
export function console(tenancy: AnyTenancy, options: ConsoleOptions): Console {
  const checked = checkedOptions(tenancy, options)
  return mounted(consoleApp(checked), checked)
}
