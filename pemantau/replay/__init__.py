"""Playing an election night over HTTP: citizens send photos, volunteers read them, adjudicators settle the rest.

    sources (what is on paper) → shots → citizens, volunteers, adjudicators → public numbers ⇄ truth

Everything goes through the doors that people use, from addresses and devices of their own. The truth is
summed up here from the same source, by code that knows nothing of the application's.
"""
