/**
 * Opens a connection that is logged in as the role of a tenant. Which password the role has depends on the generation that was read with the tenant, and
 * on the key that it was made with. Another process may have changed it since, so after a refusal the generation is read once more, and then each
 * key of the list is tried. What was right is remembered, so that a later connection needs one attempt.
 */
import type { Client } from 'pg'
import { BoundedMap } from '../../bounded-map.ts'
import { loginPassword } from '../../login-password.ts'
import { sqlState, sqlStateOf } from '../../sql/sqlstate.ts'
import type { Binding } from '../binding/binding.ts'
import { hasNoLogin, loginForbidden, passwordRefused } from '../pool/login-refusals.ts'
import type { LoginHost } from '../pool/login-source.ts'
import { makerKey, makingForPool } from '../pool/making-clients.ts'
import { TenantClient } from '../pool/tenant-client.ts'
import { explainUnreachable } from '../pool/unreachable.ts'
import { loginConfig } from './login-config.ts'

export interface LoggingInOptions {
  /** Master keys; the first one makes new passwords. */
  readonly keys: readonly string[]
  /** Reads the generation from the catalog; undefined where the tenant has no login, or is gone. */
  readonly generationOf: (tenantId: string) => Promise<number | undefined>
}

interface Password {
  readonly generation: number
  /** The place of its key in the list. */
  readonly key: number
}

/** Roles whose password is remembered. */
const mostRemembered = 10_000

export class LoggingIn {
  readonly #host: LoginHost
  readonly #options: LoggingInOptions
  readonly #right = new BoundedMap<string, Password>(mostRemembered)

  constructor(host: LoginHost, options: LoggingInOptions) {
    this.#host = host
    this.#options = options
  }

  /**
   * @param onAttempt gets each client before it connects
   * @throws TenancyError LOGIN_REFUSED, DATABASE_UNREACHABLE
   */
  async connect(binding: Binding, onAttempt: (client: TenantClient) => void): Promise<TenantClient> {
    const first = this.#expected(binding)
    let refusal: unknown
    if (first !== undefined) {
      const client = await this.#attempt(binding, first, onAttempt)
      if (client instanceof TenantClient) return client
      refusal = client.refusal
    }
    const generation = await this.#options.generationOf(binding.tenantId!)
    if (generation === undefined) throw hasNoLogin(binding)
    for (let key = 0; key < this.#options.keys.length; key++) {
      if (first?.generation === generation && first.key === key) continue
      const client = await this.#attempt(binding, { generation, key }, onAttempt)
      if (client instanceof TenantClient) return client
      refusal = client.refusal
    }
    throw passwordRefused(binding, refusal)
  }

  /** Closed connections are not asked for the newest generation, so a role that was rotated is forgotten. */
  forget(role: string): void {
    this.#right.delete(role)
  }

  #expected({ login, loginGeneration }: Binding): Password | undefined {
    const right = this.#right.get(login!)
    if (right !== undefined && right.generation >= (loginGeneration ?? 0)) return right
    return loginGeneration === undefined ? undefined : { generation: loginGeneration, key: 0 }
  }

  async #attempt(
    binding: Binding,
    password: Password,
    onAttempt: (client: TenantClient) => void,
  ): Promise<TenantClient | { readonly refusal: unknown }> {
    const role = binding.login!
    const { options, maker } = this.#host
    const text = loginPassword(this.#options.keys[password.key]!, role, password.generation)
    const config = loginConfig(options, role, text)
    const client = makingForPool(
      () => new TenantClient({ ...config, password: text, [makerKey]: { ...maker, loginOf: binding } }),
    )
    onAttempt(client)
    try {
      await client.connect()
    } catch (error) {
      if (isWrongPassword(error as Error)) return { refusal: error }
      if (sqlStateOf(error) === sqlState.invalidAuthorization) throw loginForbidden(binding, error)
      throw explainUnreachable(error as Error, config)
    } finally {
      forgetPassword(client)
    }
    this.#right.set(role, password)
    return client
  }
}

/** PgBouncer has the code of a broken protocol for that, and messages in English alone. */
function isWrongPassword(error: Error): boolean {
  const state = sqlStateOf(error)
  return state === sqlState.invalidPassword || (state === '08P01' && /auth.* failed|no such user/i.test(error.message))
}

/** It is needed for the login only. */
function forgetPassword(client: Client): void {
  client.password = null as never
  ;(client as unknown as { connectionParameters: { password: unknown } }).connectionParameters.password = null
}
