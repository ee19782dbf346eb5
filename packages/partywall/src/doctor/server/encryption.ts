/** PW-101: the server answers, and what is sent to it over a network is encrypted. An unreachable server is reported under the same id. */
import type { Statement } from '../../sql/statement.ts'
import type { Ask, Context, Examination, Observation } from '../context/examination.ts'

export const encryption: Examination = {
  id: 'PW-101',
  title: 'The server cannot be reached, or the connection over a network is not encrypted',
  async run({ askLogin, askDeploy, hasDeploy }: Context) {
    const asked: [string, Ask][] = [
      ['The application', askLogin],
      ...(hasDeploy ? [['The deploy role', askDeploy] as [string, Ask]] : []),
    ]
    const found = await Promise.all(asked.map(async ([who, ask]) => observe(who, (await ask<Connection>(connectionSql))[0]!)))
    return found.flat()
  },
}

export interface Connection {
  readonly isEncrypted: boolean
  readonly isLocal: boolean
  readonly serverHasTls: boolean
}

export function observe(who: string, { isEncrypted, isLocal, serverHasTls }: Connection): Observation[] {
  if (isEncrypted || isLocal) return []
  return [
    {
      severity: 'warning',
      seen: `${who} reaches PostgreSQL over a network without TLS: rows can be read on the way. ${serverHasTls ? 'The server offers TLS.' : 'The server has TLS turned off.'}`,
      fix: serverHasTls
        ? 'Add sslmode=verify-full to the connection string, with the certificate of the authority in sslrootcert.'
        : 'Turn on ssl in the server, then add sslmode=verify-full to the connection string.',
    },
  ]
}

/** Behind a pooler it is the connection of the pooler. A private address is a network, too. */
const connectionSql: Statement = {
  text: `
    select
      coalesce((select encrypted.ssl from pg_catalog.pg_stat_ssl as encrypted where encrypted.pid = pg_backend_pid()), false) as "isEncrypted",
      coalesce(host(inet_client_addr()) like '127.%' or host(inet_client_addr()) = '::1', true) as "isLocal",
      current_setting('ssl') = 'on' as "serverHasTls"`,
}
