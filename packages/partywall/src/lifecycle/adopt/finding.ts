/** What speaks against an adoption or a release. */
export interface AdoptFinding {
  /**
   * `tied`: an object that stays uses what moves. `tree`: a part of an inheritance tree would stay. `owner`: the role of this connection does not own it.
   * `published`: a publication names it. `path`: the text of a routine names the schema that its tables leave. `shared sequence`: both sides use it.
   * `other schema`: it uses an object of a schema that no tenant reads. `differs`: it is not what the migrations give. `missing`: the migrations give a table that
   * it lacks. `name`: the name is taken. `login`: a customer's login would lose its tables.
   * `rights`: other tenants could reach it.
   */
  readonly kind:
    | 'tied'
    | 'tree'
    | 'owner'
    | 'published'
    | 'path'
    | 'shared sequence'
    | 'other schema'
    | 'differs'
    | 'missing'
    | 'name'
    | 'login'
    | 'rights'
  /** The object, as PostgreSQL describes it. */
  readonly object: string
  /** One sentence for people. */
  readonly sentence: string
}
