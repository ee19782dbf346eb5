/** What calls about settings report. */

/** Where a value comes from: the tenant itself, its kind, the defaults of the configuration, or a default of the schema. */
export type SettingSource = 'tenant' | 'kind' | 'defaults' | 'schema'

/** One setting of a tenant. */
export interface SettingEntry {
  /** Names with a dot between them, such as `smtp.host`. */
  readonly key: string
  /** A value of JSON; `***` in place of a secret. */
  readonly value: unknown
  readonly from: SettingSource
  readonly isSecret: boolean
}

/** What was done for one tenant. */
export interface Rotation {
  /** How many secrets were encrypted. */
  readonly secrets: number
}
