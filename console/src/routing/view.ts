/** The views of the user who is signed in, for the components that link to them. */
import { type ComponentType, createContext, useContext } from 'react';
import type { Me } from '../../../src/client/index.ts';
import type { IconName } from '../components/icons.tsx';
import type { Texts } from '../language/en.ts';
import type { Params } from './routes.ts';

export interface View {
  /** Patterns of `routes.ts`; the first is where its link leads. */
  readonly paths: readonly [string, ...string[]];
  readonly Page: ComponentType<{ readonly params: Params; readonly path: string }>;
  /** Who sees it; everyone when absent. */
  readonly isFor?: (me: Me) => boolean;
  readonly link?: {
    /** `ticket`: on each ticket, whose id is `:ticketId` in the path. */
    readonly place: 'navigation' | 'ticket';
    readonly icon: IconName;
    readonly label: (texts: Texts) => string;
    readonly badge?: 'inbox';
  };
}

/** A page is part of a view, so it gets the table of views from here instead of importing it. */
export const ViewsContext = createContext<readonly View[]>([]);

export function useViews(): readonly View[] {
  return useContext(ViewsContext);
}
