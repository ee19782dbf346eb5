/** Recognizes a file that only re-exports the migrations beside it, for a DataSource or a provider that takes a list. */
import { codeFile } from '../files/module-file.ts'

/** The file is called index, imports or re-exports its neighbors, and holds no migration of its own. */
export function isIndexFile(file: string, text: string): boolean {
  if (!file.startsWith('index.') || !codeFile.test(file)) return false
  const code = text.replaceAll(/\/\*[\s\S]*?\*\/|^[ \t]*\/\/.*/gm, '')
  return neighbors.test(code) && !ownMigration.test(code)
}

const neighbors = /\b(?:from|require\s*\(|import\s*\()\s*["']\.\.?\//
const ownMigration = /\bclass\b|\bfunction\s+(?:up|down)\b|\b(?:up|down)\s*(?:[:(]|=(?!=))/
