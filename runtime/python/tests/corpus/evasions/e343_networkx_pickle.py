# expect: py.deserialisation
# tries: older networkx unpickles graphs
import networkx as nx

nx.read_gpickle("graph.gpickle")
