/** What the server reports about a session without being asked: with its parameters, and each time that it is ready. */
import { activeQueryOf, type ConnectionLike, type TransactionStatusLike } from '../binding/pg-internals.ts'
import { PathTripwire } from './path-tripwire.ts'

interface ParameterStatus {
  readonly parameterName: string
  readonly parameterValue: string
}

export class ServerReports {
  /** 150000 for PostgreSQL 15; 0 while unknown. */
  versionNumber = 0
  /** False where a backslash in a plain string escapes what follows. */
  hasStandardStrings = true
  /** False where the server reads what node-postgres sends by another encoding. */
  hasUtf8 = true
  transactionStatus: TransactionStatusLike = null
  readonly tripwire = new PathTripwire()
  readonly #client: object

  constructor(client: object, connection: ConnectionLike) {
    this.#client = client
    connection.on('parameterStatus', (message: ParameterStatus) => this.#note(message))
    connection.on('readyForQuery', ({ status }: { status: TransactionStatusLike }) => (this.transactionStatus = status))
  }

  #note({ parameterName, parameterValue }: ParameterStatus): void {
    if (parameterName === 'server_version') this.versionNumber = versionNumber(parameterValue)
    if (parameterName === 'standard_conforming_strings') this.hasStandardStrings = parameterValue === 'on'
    if (parameterName === 'client_encoding') this.hasUtf8 = /^(?:utf-?8|unicode)$/i.test(parameterValue)
    if (parameterName === 'search_path') this.tripwire.report(parameterValue, activeQueryOf(this.#client))
  }
}

/** `15.18 (Debian 15.18-0)` -> 150018; only the major number matters here. */
function versionNumber(version: string): number {
  const [major = 0, minor = 0] = version.split(/[^0-9]+/).map(Number)
  return major * 10_000 + minor
}
