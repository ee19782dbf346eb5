/** What a file may not say about transactions, in the words of its author. Each text follows "has in line …". */

const own = 'partywall runs the file in a transaction, and rolls it back when a statement fails'

export const open = 'BEGIN without a COMMIT: psql would undo all that follows it. Add the COMMIT, or remove BEGIN.'

export const empty = 'nothing but statements that begin and end transactions. Write the migration, or remove the file.'

export const lateProperties =
  'SET TRANSACTION behind other statements of its transaction, where PostgreSQL refuses it. Put it in front of all others in the file, or behind BEGIN.'

/** @param word as the file writes it */
export function control(word: string, kind: string): string {
  const written = word.toUpperCase()
  if (kind === 'COMMIT') return `${written} AND CHAIN. Write COMMIT, and BEGIN for what follows.`
  if (kind.startsWith('ROLLBACK') && kind !== 'ROLLBACK_TO' && kind !== 'ROLLBACK_PREPARED') {
    return `${written}: ${own}. What is rolled back here would never be applied. Remove it with the statements that it undoes.`
  }
  if (kind.includes('PREPARE')) return `${written}: a transaction that is prepared stays open, and ${own}. Remove it.`
  return `${written}: ${own}, and keeps all of it otherwise. Remove SAVEPOINT, RELEASE and ROLLBACK TO; a DO block with EXCEPTION can try a statement.`
}
