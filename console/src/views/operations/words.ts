/** The texts of the operations view, in every language. */
import type { Words } from '../../language/words.ts';
import { operationsInArabic } from './words-ar.ts';
import { type OperationsWords, operationsInEnglish } from './words-en.ts';

export const OPERATIONS_WORDS: Words<OperationsWords> = { en: operationsInEnglish, ar: operationsInArabic };
